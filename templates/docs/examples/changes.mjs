const { CHARTERO_URL, CHARTERO_KEY, CURSOR } = process.env;
const headers = { Authorization: `Bearer ${CHARTERO_KEY}` };

const query = new URLSearchParams({ limit: 1000 });
if (CURSOR) query.set("cursor", CURSOR);

let page;
do {
  const url = `${CHARTERO_URL}/external/v1/changes?${query}`;
  const answer = await fetch(url, { headers, redirect: "error" });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  page = await answer.json();
  for (const each of page.items) console.log(each.change, each.encounter_id);
  query.set("cursor", page.next_cursor);
} while (page.has_more);

console.log(page.next_cursor);
