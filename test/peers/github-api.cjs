// For github-api.sh. `describe FILE`: the part of GitHub's description that we use. `send URL FILE`: every recorded
// request to the mock server; prints what it finds wrong with one, ends with 1 if there is anything.
const fs = require("fs");

const used = /^\/repos\/\{owner\}\/\{repo\}\/(releases|issues|labels|code-scanning\/(sarifs|analyses)|git\/(ref|tags)|commits\/\{ref\}$|actions\/workflows)/;

// Nine bodies say `nullable` beside `oneOf` without a type, which makes the mock server look at nothing at all.
function mend(value) {
  if (Array.isArray(value)) return value.forEach(mend);
  if (value === null || typeof value !== "object") return;
  if (value.nullable && value.oneOf && !value.type) delete value.nullable;
  Object.values(value).forEach(mend);
}

function describe(file) {
  const description = JSON.parse(fs.readFileSync(file, "utf8"));
  for (const path of Object.keys(description.paths)) {
    if (!used.test(path)) delete description.paths[path];
  }
  for (const path of Object.values(description.paths)) {
    for (const operation of Object.values(path)) delete operation.servers;
  }
  mend(description.paths);
  delete description["x-webhooks"];
  process.stdout.write(JSON.stringify(description));
}

async function send(server, file) {
  let wrong = 0;
  const kinds = new Map();
  for (const line of fs.readFileSync(file, "utf8").trim().split("\n")) {
    const request = JSON.parse(line);
    const upload = request.method === "POST" && /\/assets\?/.test(request.path);
    const answer = await fetch(`${server}/repos/defra/images/${request.path}`, {
      method: request.method,
      headers: { accept: "application/json", authorization: "Bearer x", "user-agent": "test",
        ...(request.body || upload ? { "content-type": upload ? "application/octet-stream" : "application/json" } : {}) },
      body: request.method === "GET" ? undefined : request.body || (upload ? "x" : undefined),
    });
    const kind = `${request.method} ${request.path.replace(/\?.*/, "").replace(/\d+/g, "N")}`;
    kinds.set(kind, (kinds.get(kind) || 0) + 1);
    const violations = answer.headers.get("sl-violations");
    const text = await answer.text();
    const unknown = /NO_PATH_MATCHED|NO_METHOD_MATCHED|UNPROCESSABLE_ENTITY/.test(text);
    if (!violations && !unknown) continue;
    ++wrong;
    console.log(`${request.method} ${request.path}\n  ${violations || text.slice(0, 500)}\n  ${request.body.slice(0, 300)}`);
  }
  for (const [kind, count] of [...kinds].sort()) console.log(`${String(count).padStart(5)}  ${kind}`);
  console.log(wrong === 0 ? "GitHub's description has nothing against any of them" : `${wrong} are wrong`);
  process.exit(wrong === 0 ? 0 : 1);
}

if (process.argv[2] === "describe") describe(process.argv[3]);
else send(process.argv[3], process.argv[4]);
