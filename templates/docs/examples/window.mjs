const query = new URLSearchParams({
  start_at: "2026-01-01T00:00:00+01:00",
  end_at: "2026-02-01T00:00:00+01:00",
  sort_order: "asc",
});
const url = `${process.env.CHARTERO_URL}/external/v1/encounters?${query}`;
const headers = { Authorization: `Bearer ${process.env.CHARTERO_KEY}` };

const answer = await fetch(url, { headers, redirect: "error" });
if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
const page = await answer.json();

console.log(page.items.length, "of", page.total);
