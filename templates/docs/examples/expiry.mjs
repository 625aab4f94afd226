const url = `${process.env.CHARTERO_URL}/external/v1/key`;
const headers = { Authorization: `Bearer ${process.env.CHARTERO_KEY}` };

const answer = await fetch(url, { headers, redirect: "error" });
if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
const { key } = await answer.json();

if (key.expires_at === null) {
  console.log("never");
} else {
  const days = Math.floor((Date.parse(key.expires_at) - Date.now()) / 86_400_000);
  if (days >= 30) {
    console.log(days);
  } else {
    console.error(`${days} days left`);
    process.exitCode = 1;
  }
}
