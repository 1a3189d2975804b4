// Composes subgraphs into a supergraph and prints {"supergraph", "errors"} as JSON.
// Arguments: `apollo` or `guild`; standard input: [{"name", "url", "sdl"}, …] as JSON.
import { readFileSync } from 'node:fs';
import * as apollo from '@apollo/composition';
import * as guild from '@theguild/federation-composition';
import { parse } from 'graphql';

const { composeServices } = { apollo, guild }[process.argv[2]];
const subgraphs = JSON.parse(readFileSync(0, 'utf8')).map(({ name, url, sdl }) => ({
  name,
  url,
  typeDefs: parse(sdl),
}));
const { supergraphSdl, errors } = composeServices(subgraphs);
process.stdout.write(
  JSON.stringify({
    supergraph: supergraphSdl ?? null,
    errors: (errors ?? []).map((error) => error.message),
  }),
);
