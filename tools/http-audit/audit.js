// Audits a GraphQL server by URL and prints each audit's id, name, status and reason as JSON.
import { serverAudits } from 'graphql-http';

const [url, authorization] = process.argv.slice(2);

async function fetchAs(target, init = {}) {
  const headers = new Headers(init.headers);
  if (authorization) headers.set('authorization', authorization);
  return fetch(target, { ...init, headers });
}

const results = [];
for (const audit of serverAudits({ url, fetchFn: fetchAs })) {
  const result = await audit.fn();
  results.push({
    id: audit.id,
    name: audit.name,
    status: result.status,
    reason: result.status === 'ok' ? null : String(result.reason),
  });
}
process.stdout.write(JSON.stringify(results));
