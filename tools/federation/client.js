// Asks with Apollo Client in each way it can send a query, and prints what it made of the answers
// as JSON. Arguments: URL, Authorization header or "", query, variables as JSON.
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';

const [uri, authorization, text, variables] = process.argv.slice(2);
const headers = authorization ? { authorization } : {};
const methods = [];

function countingFetch(target, init) {
  methods.push(init.method);
  return fetch(target, init);
}

const http = (options) => new HttpLink({ uri, headers, fetch: countingFetch, ...options });
const persisted = new PersistedQueryLink({
  sha256: (document) => createHash('sha256').update(document).digest('hex'),
  useGETForHashedQueries: true,
});
const links = {
  post: http(),
  get: http({ useGETForQueries: true }),
  persisted: ApolloLink.from([persisted, http()]),
};

const answers = {};
for (const [way, link] of Object.entries(links)) {
  methods.length = 0;
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const { data, error } = await client.query({
    query: gql(text),
    variables: JSON.parse(variables),
    errorPolicy: 'all',
  });
  answers[way] = {
    data: data ?? null,
    kind: error?.name ?? null,
    errors: error?.errors ?? [],
    methods: [...methods],
  };
}
process.stdout.write(JSON.stringify(answers));
