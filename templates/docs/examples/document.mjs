const { CHARTERO_URL, CHARTERO_KEY, ENCOUNTER_ID, DOCUMENT_ID } = process.env;
const url = `${CHARTERO_URL}/external/v1/encounters/${ENCOUNTER_ID}/documents/${DOCUMENT_ID}`;
const headers = { Authorization: `Bearer ${CHARTERO_KEY}` };

const answer = await fetch(url, { headers, redirect: "error" });
if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
const { document } = await answer.json();

if (document.schema_type === "document") {
  console.log(document.content.text ?? "");
}
