// For github-api. `describe FILE`: the part of GitHub's description that we use. `send URL FILE`: every recorded request to the mock
// server; prints what it finds wrong with one, ends with 1 if there is anything.
const fs = require("fs");

const used = /^\/user$|^\/repos\/\{owner\}\/\{repo\}\/(releases|issues|labels|code-scanning\/(sarifs|analyses)|git\/(ref|tags)|commits\/\{ref\}$|actions\/workflows)/;

// What the server has to refuse: one that takes everything proves nothing.
const wrong = [
  { method: "POST", path: "/repos/a/b/code-scanning/sarifs", body: JSON.stringify({ commit_sha: "a".repeat(40), ref: "master", sarif: "x" }) },
  { method: "POST", path: "/repos/a/b/code-scanning/sarifs", body: JSON.stringify({ commit_sha: "a".repeat(40), ref: "refs/heads/x", sarif: "x", category: "y" }) },
  { method: "POST", path: "/repos/a/b/releases", body: JSON.stringify({ name: "no tag" }) },
  { method: "POST", path: "/repos/a/b/issues", body: JSON.stringify({ title: "x", labels: "not a list" }) },
  { method: "PATCH", path: "/repos/a/b/issues/1", body: JSON.stringify({ state: "shut" }) },
  { method: "GET", path: "/repos/a/b/issues?state=every", body: "" },
  { method: "DELETE", path: "/repos/a/b/issues/1", body: "" },
  { method: "GET", path: "/repos/a/b/releases/", body: "" },
];

// Nine bodies say `nullable` beside `oneOf` without a type, which makes the mock server look at nothing at all.
function fix(value) {
  if (Array.isArray(value)) return value.forEach(fix);
  if (value === null || typeof value !== "object") return;
  if (value.nullable && value.oneOf && !value.type) delete value.nullable;
  Object.values(value).forEach(fix);
}

function describe(file) {
  const description = JSON.parse(fs.readFileSync(file, "utf8"));
  for (const path of Object.keys(description.paths)) {
    if (!used.test(path)) delete description.paths[path];
  }
  for (const path of Object.values(description.paths)) {
    for (const operation of Object.values(path)) delete operation.servers;
  }
  delete description.servers;
  fix(description.paths);
  delete description["x-webhooks"];
  process.stdout.write(JSON.stringify(description));
}

// What the server has against a request; empty if nothing.
async function complaint(server, request) {
  const upload = request.method === "POST" && /\/assets\?/.test(request.path);
  // What a reference is called, tags/1.0.0, is one value to GitHub (x-multi-segment), which the mock server knows nothing of.
  const path = request.path.replace("/git/ref/tags/", "/git/ref/tags%2F");
  const answer = await fetch(server + path, {
    method: request.method,
    headers: { accept: "application/json", authorization: "Bearer x", "user-agent": "test",
      ...(request.body || upload ? { "content-type": upload ? "application/octet-stream" : "application/json" } : {}) },
    body: request.method === "GET" ? undefined : request.body || (upload ? "x" : undefined),
  });
  const text = await answer.text();
  const violations = answer.headers.get("sl-violations");
  return violations || (/NO_PATH_MATCHED|NO_METHOD_MATCHED|UNPROCESSABLE_ENTITY/.test(text) ? text.slice(0, 500) : "");
}

async function send(server, file) {
  let bad = 0;
  const say = (request, words) => {
    ++bad;
    console.log(`${request.method} ${request.path}\n  ${words}\n  ${request.body.slice(0, 300)}`);
  };
  const kinds = new Map();
  for (const line of fs.readFileSync(file, "utf8").trim().split("\n")) {
    const request = JSON.parse(line);
    const kind = `${request.method} ${request.path.replace(/\?.*/, "").replace(/(\/|-)\d[\d.]*/g, "$1N")}`;
    kinds.set(kind, (kinds.get(kind) || 0) + 1);
    const words = await complaint(server, request);
    if (words) say(request, words);
  }
  for (const request of wrong) {
    if (!(await complaint(server, request))) say(request, "is wrong, and passes");
  }
  for (const [kind, count] of [...kinds].sort()) console.log(`${String(count).padStart(5)}  ${kind}`);
  console.log(bad === 0 ? "nothing is wrong with any of them" : `${bad} are wrong`);
  process.exit(bad === 0 ? 0 : 1);
}

if (process.argv[2] === "describe") describe(process.argv[3]);
else send(process.argv[3], process.argv[4]);
