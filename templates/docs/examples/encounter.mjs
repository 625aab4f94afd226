const url = `${process.env.CHARTERO_URL}/external/v1/encounters/${process.env.ENCOUNTER_ID}`;
const headers = { Authorization: `Bearer ${process.env.CHARTERO_KEY}` };

const answer = await fetch(url, { headers, redirect: "error" });
if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
const { encounter } = await answer.json();

console.log(encounter.status, encounter.updated_at);
for (const document of encounter.documents) {
  console.log(document.document_id, document.schema_type, document.status);
}
