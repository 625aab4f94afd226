// A partner's program over the generated types: a page, one encounter, and two refusals. It prints what it was told.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.d.ts";

declare const process: { env: Record<string, string | undefined> };
type Refusal = components["schemas"]["ErrorAnswer"];
const toCome: Refusal["reason_code"] = "a_code_to_come"; // compiles only while the codes are an open set

const { CHARTERO_URL: baseUrl, CHARTERO_KEY: key } = process.env;
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
const stranger = createClient<paths>({ baseUrl });

function told(refusal: Refusal | undefined) {
  if (refusal === undefined) throw new Error("it was not refused");
  return { code: refusal.reason_code, field: refusal.field };
}

const list = "/external/v1/encounters";
const page = await client.GET(list, { params: { query: { limit: 2, sort_order: "asc" } } });
const first = page.data?.items[0];
if (first === undefined) throw new Error("no encounter");
const born: string | null | undefined = first.patient?.date_of_birth;
const one = await client.GET(`${list}/{encounter_id}`, { params: { path: { encounter_id: first.encounter_id } } });
const tooMany = await client.GET(list, { params: { query: { limit: 101 } } });
const unknown = await stranger.GET(list);

console.log(
  JSON.stringify({
    page: page.data,
    born: born ?? null,
    encounter: one.data?.encounter,
    refusals: [told(tooMany.error), told(unknown.error)],
    status: tooMany.response.status,
    toCome,
  }),
);
