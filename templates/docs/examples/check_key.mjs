const url = `${process.env.CHARTERO_URL}/external/v1/encounters?limit=1`;
const headers = { Authorization: `Bearer ${process.env.CHARTERO_KEY}` };

const answer = await fetch(url, { method: "HEAD", headers, redirect: "error" });
console.log(answer.status);
