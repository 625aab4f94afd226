const url = `${process.env.CHARTERO_URL}/external/v1/encounters?limit=2`;
const headers = { Authorization: `Bearer ${process.env.CHARTERO_KEY}` };

const answer = await fetch(url, { headers, redirect: "error" });
if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
const page = await answer.json();

console.log(page.total, "encounters");
for (const encounter of page.items) {
  console.log(encounter.encounter_id, encounter.created_at);
}
