const list = `${process.env.CHARTERO_URL}/external/v1/encounters?`;
const headers = { Authorization: `Bearer ${process.env.CHARTERO_KEY}` };

/** Yield every encounter in a window, oldest first. */
async function* encounters(window) {
  for (let offset = 0, total = 1; offset < total; offset += 100) {
    const query = new URLSearchParams({ ...window, sort_order: "asc", limit: 100, offset });
    const answer = await fetch(list + query, { headers, redirect: "error" });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    const page = await answer.json();
    yield* page.items;
    total = page.total;
  }
}

const window = { start_at: "2026-01-01T00:00:00Z", end_at: "2026-04-01T00:00:00Z" };
for await (const encounter of encounters(window)) {
  console.log(JSON.stringify(encounter));
}
