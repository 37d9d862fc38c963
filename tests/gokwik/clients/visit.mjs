// One order as a checkout in JavaScript sends it: list, perform, revert.
const [url, ...bodies] = process.argv.slice(2);
for (const body of bodies) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-source": "checkout" },
    // Numbers are written again, as JavaScript writes them.
    body: JSON.stringify(JSON.parse(body)),
  });
  console.log(response.status, await response.text());
}
