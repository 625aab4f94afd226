import { setTimeout as sleep } from "node:timers/promises";

const headers = { Authorization: `Bearer ${process.env.CHARTERO_KEY}` };

/** Return the response. Retry after 503 and 429. */
async function get(path, attempts = 5) {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(process.env.CHARTERO_URL + path, { headers, redirect: "error" });
    if (![429, 503].includes(answer.status) || attempt === attempts) return answer;
    const pause = Number(answer.headers.get("Retry-After"));
    await sleep(1000 * (pause + Math.random() * 2 ** attempt));
  }
}

const answer = await get("/external/v1/encounters?limit=500");
if (!answer.ok) {
  const error = await answer.json();
  console.log(error.reason_code, error.field);
}
