// Serves the second subgraph on a free port of 127.0.0.1, which it prints as {"port": …}.
// The argument is JSON: the number of parking permits by unified social credit code.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createHandler } from 'graphql-http/lib/use/http';

const permits = new Map(Object.entries(JSON.parse(process.argv[2])));
const typeDefs = parse(readFileSync(new URL('second.graphql', import.meta.url), 'utf8'));

function placesOf(uscc, first) {
  const count = permits.get(uscc) ?? 0;
  const nodes = Array.from({ length: Math.min(first, count) }, (_, at) => ({ number: at + 1 }));
  const pageInfo = { hasNextPage: count > first, hasPreviousPage: false };
  return { nodes, pageInfo };
}

const resolvers = {
  Query: {
    parkingHolders: (_, { atLeast, atMost }) =>
      [...permits.keys()]
        .filter((uscc) => permits.get(uscc) >= atLeast && permits.get(uscc) <= (atMost ?? Infinity))
        .sort()
        .map((uscc) => ({ uscc })),
    isCallerNamed: (_, __, { isCallerNamed }) => isCallerNamed,
  },
  Organisation: {
    __resolveReference: ({ uscc }) => ({ uscc }),
    parkingPermits: ({ uscc }) => permits.get(uscc) ?? null,
    parkingPlaces: ({ uscc }, { first }) => placesOf(uscc, first),
  },
};

const handler = createHandler({
  schema: buildSubgraphSchema({ typeDefs, resolvers }),
  context: (request) => ({ isCallerNamed: Boolean(request.raw.headers.authorization) }),
});
const server = createServer(handler);
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`);
});
