const { CHARTERO_URL, CHARTERO_KEY, ENCOUNTER_ID, DOCUMENT_ID } = process.env;
const document = `${CHARTERO_URL}/external/v1/encounters/${ENCOUNTER_ID}/documents/${DOCUMENT_ID}`;
const headers = { Authorization: `Bearer ${CHARTERO_KEY}` };

const answer = await fetch(`${document}/transcript`, { headers, redirect: "error" });
if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
const { transcript } = await answer.json();

for (const turn of transcript.turns) {
  console.log(`${turn.speaker}: ${turn.text}`);
}
