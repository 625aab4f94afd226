import { writeFile } from "node:fs/promises";

const { CHARTERO_URL, CHARTERO_KEY, ENCOUNTER_ID, DOCUMENT_ID } = process.env;
const document = `${CHARTERO_URL}/external/v1/encounters/${ENCOUNTER_ID}/documents/${DOCUMENT_ID}`;
const headers = { Authorization: `Bearer ${CHARTERO_KEY}` };

const answer = await fetch(`${document}/audio`, { headers, redirect: "error" });
if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
const { audio_url } = await answer.json();

// The second call must not send the key.
const recording = await fetch(audio_url);
if (!recording.ok) throw new Error(`${recording.status}`);
await writeFile("recording", Buffer.from(await recording.arrayBuffer()));
