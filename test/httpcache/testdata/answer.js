// Answers questions, JSON objects one a line, as http-cache-semantics does. Its folder is the first argument.
const CachePolicy = require(process.argv[2]);
const lines = require('readline').createInterface({ input: process.stdin });

let clock = 0;
class Policy extends CachePolicy {
  now() { return clock; }
}

function object(headers) {
  const joined = { host: 'h' };
  for (const [name, value] of headers || []) {
    joined[name] = name in joined ? `${joined[name]}, ${value}` : value;
  }
  return joined;
}

lines.on('line', (line) => {
  const q = JSON.parse(line);
  clock = q.received;
  const first = { method: q.first.method, url: '/', headers: object(q.first.headers) };
  const then = { method: q.then.method, url: '/', headers: object(q.then.headers) };
  const policy = new Policy(first, { status: q.status, headers: object(q.headers) }, { shared: true, immutableMinTimeToLive: 0 });
  clock = q.now;
  const storable = policy.storable();
  console.log(JSON.stringify({
    storable,
    lifetime: Math.min(Math.floor(policy.maxAge()), 2147483647),
    age: Math.floor(policy.age()),
    serve: storable && policy.satisfiesWithoutRevalidation(then),
    whileRevalidating: storable && policy.useStaleWhileRevalidate(),
  }));
});
