// Starts GraphiQL against this server. A token goes into its Headers pane, which is not stored.
const { createElement } = globalThis.React;
const fetcher = globalThis.GraphiQL.createFetcher({ url: '/graphql' });
globalThis.ReactDOM.createRoot(document.getElementById('graphiql')).render(
  createElement(globalThis.GraphiQL, { fetcher, shouldPersistHeaders: false, defaultEditorToolsVisibility: 'headers' }),
);
