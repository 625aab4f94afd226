import { createServer } from "node:http";
import { isGenuine } from "./verify.mjs";

const SECRET = process.env.CHARTERO_WEBHOOK_SECRET;
const LONGEST = 65536; // bytes

async function read(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LONGEST) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const server = createServer(async (request, response) => {
  const body = await read(request);
  if (request.method !== "POST" || body === null) {
    response.writeHead(body === null ? 413 : 405).end();
  } else if (!isGenuine(request.headers, body, SECRET)) {
    response.writeHead(400).end();
  } else {
    const event = JSON.parse(body);
    console.log(event.id, event.type); // store it, then answer
    response.writeHead(204).end();
  }
});
server.listen(Number(process.env.PORT ?? 8010), "127.0.0.1");
