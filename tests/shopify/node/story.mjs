// A shop's day, told through Shopify's own client. It prints what it heard as one line of JSON.
// The client insists on https and the shop's real host; both are changed at the edge, in the fetch it is given.
import {createRequire} from 'node:module';

const {PACKAGE, BASE_URL, SHOP, TOKEN} = process.env;
const {createAdminApiClient} = createRequire(PACKAGE)('@shopify/admin-api-client');

const here = new URL(BASE_URL);
const asked = [];
const customFetchApi = (url, init) => {
  const target = new URL(url);
  asked.push(`${target.origin}${target.pathname}`);
  target.protocol = here.protocol;
  target.host = here.host;
  return fetch(target, init);
};
const client = (accessToken, apiVersion = '2026-10', retries = 0) =>
  createAdminApiClient({storeDomain: SHOP, apiVersion, accessToken, retries, customFetchApi});

const shop = client(TOKEN);
const heard = {};

heard.query = await shop.request('query($first: Int!) {shop {name} orders(first: $first) {nodes {id name}}}', {
  variables: {first: 5},
});
const id = heard.query.data.orders.nodes[0].id;
heard.mutation = await shop.request(
  'mutation($id: ID!, $tags: [String!]!) {tagsAdd(id: $id, tags: $tags) {node {... on Order {tags}} userErrors {message}}}',
  {variables: {id, tags: ['exported']}},
);
heard.userErrors = await shop.request(
  'mutation {fulfillmentCancel(id: "gid://shopify/Fulfillment/1") {userErrors {field message}}}',
);
heard.undefinedField = await shop.request('{shop {nam}}');
heard.invalidVariable = await shop.request('query($first: Int!) {orders(first: $first) {nodes {id}}}', {
  variables: {first: 'many'},
});
heard.unauthorized = await client('shpat_wrong').request('{shop {name}}');
heard.retired = await client(TOKEN, '2025-01').request('{shop {name}}');
heard.fetched = (await shop.fetch('{shop {name}}')).headers.get('x-shopify-api-version');
heard.unavailable = await client(TOKEN, '2026-10', 2).request('{locations(first: 1) {nodes {name}}}');

heard.throttled = await shop.request(
  '{orders(first: 250) {nodes {id customer {id} lineItems(first: 250) {nodes {id}}}}}',
);
heard.asked = [...new Set(asked)];
console.log(JSON.stringify(heard));
