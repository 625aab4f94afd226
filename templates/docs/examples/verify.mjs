import { createHmac, timingSafeEqual } from "node:crypto";

const VERSIONS = ["2026-05-01"];
const TOLERANCE = 300; // seconds

// Returns true if the request was sent by the API within the last minutes. `body` is a Buffer of what arrived, byte for
// byte, and `headers` has names in lower case, as in Node.
export function isGenuine(headers, body, secret) {
  const eventId = headers["charthero-event-id"];
  const deliveryId = headers["charthero-delivery-id"];
  const timestamp = headers["charthero-timestamp"];
  const version = headers["charthero-webhook-version"];
  const signature = headers["charthero-signature"];
  if (!eventId || !deliveryId || !timestamp || !signature || !VERSIONS.includes(version)) return false;
  if (!/^[0-9]+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = createHmac("sha256", key).update(`${timestamp}.`).update(body).digest("hex");
  const expected = Buffer.from(`v1=${signed}`);
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
