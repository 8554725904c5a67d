// A day with Shopify's own library for apps: its REST resources, its GraphQL client, its OAuth and its webhook check.
// It prints what it heard as one line of JSON. It insists on https and the shop's real host; both are changed at the
// edge, in the fetch it is given.
import http from 'node:http';
import {createRequire} from 'node:module';

const {PACKAGE, BASE_URL, SHOP, TOKEN, CLIENT_ID, CLIENT_SECRET, HOOK} = process.env;
const need = createRequire(PACKAGE);
const here = new URL(BASE_URL);
const send = globalThis.fetch;
const edge = (url, init) => {
  const target = new URL(url);
  target.protocol = here.protocol;
  target.host = here.host;
  return send(target, init);
};
globalThis.fetch = edge;
need('@shopify/shopify-api/adapters/node');
const {shopifyApi, Session, DeliveryMethod} = need('@shopify/shopify-api');
const apiVersion = '2026-01';
const {restResources} = need(`@shopify/shopify-api/rest/admin/${apiVersion}`);
const shopify = shopifyApi({
  apiKey: CLIENT_ID,
  apiSecretKey: CLIENT_SECRET,
  scopes: ['write_orders', 'write_products'],
  hostName: 'app.example.com',
  isEmbeddedApp: false,
  apiVersion,
  restResources,
  isTesting: true,
  logger: {level: 0},
});
const session = new Session({id: 'a', shop: SHOP, state: '1', isOnline: false, accessToken: TOKEN});
const {Order, Transaction, Refund, FulfillmentOrder, Fulfillment, FulfillmentEvent, Product, Customer} = shopify.rest;
const made = async (Kind, members) => {
  const one = Object.assign(new Kind({session}), members);
  await one.save({update: true});
  return one;
};
const refused = async (does) => {
  try {
    await does();
  } catch (error) {
    return {name: error.constructor.name, code: error.response?.code ?? null, body: error.response?.body ?? null};
  }
  return null;
};
const heard = {};

const order = await made(Order, {
  line_items: [{title: 'Boots', price: 74.99, quantity: 3}],
  customer: {first_name: 'Paul', email: 'paul@example.com'},
  transactions: [{kind: 'authorization', amount: 224.97}],
});
heard.order = [typeof order.id, order.financial_status, order.customer.email];
let page = await Order.all({session, limit: 2, status: 'any'});
heard.pages = [page.data.length];
while (page.pageInfo?.nextPage) {
  page = await Order.all({session, ...page.pageInfo.nextPage.query});
  heard.pages.push(page.data.length);
}

const [held] = (await Transaction.all({session, order_id: order.id})).data;
const captured = await made(Transaction, {order_id: order.id, kind: 'capture', amount: '100.00', parent_id: held.id});
heard.captured = [captured.kind, captured.total_unsettled_set.shop_money.amount];
const wanted = {refund_line_items: [{line_item_id: order.line_items[0].id, quantity: 1, restock_type: 'no_restock'}]};
const reckoned = await Object.assign(new Refund({session}), {order_id: order.id}).calculate({body: {refund: wanted}});
const back = reckoned.refund.transactions.map((each) => ({...each, kind: 'refund'}));
const refund = await made(Refund, {order_id: order.id, ...wanted, transactions: back});
heard.refunded = refund.transactions.map((each) => [each.kind, each.amount]);

const [row] = (await FulfillmentOrder.all({session, order_id: order.id})).data;
const parcel = await made(Fulfillment, {
  line_items_by_fulfillment_order: [{fulfillment_order_id: row.id}],
  tracking_info: {number: '1Z1', company: 'UPS'},
});
const on = {order_id: order.id, fulfillment_id: parcel.id};
const event = await made(FulfillmentEvent, {...on, status: 'in_transit'});
const way = async () => (await Fulfillment.find({session, order_id: order.id, id: parcel.id})).shipment_status;
heard.shipped = [parcel.status, await way()];
await FulfillmentEvent.delete({session, ...on, id: event.id});
heard.shipped.push(await way());

const product = await made(Product, {title: 'Burton', variants: [{option1: 'S', price: '10.00', sku: 'B-S'}]});
await Product.delete({session, id: product.id});
heard.deleted = await refused(() => Product.find({session, id: product.id}));
const customer = await made(Customer, {first_name: 'Steve', email: 'steve@example.com'});
heard.found = (await Customer.search({session, query: 'email:steve@example.com'})).customers.map((each) => each.id);
heard.customer = customer.id;

const graphql = new shopify.clients.Graphql({session});
heard.graphql = (await graphql.request('query($n: Int!) {orders(first: $n) {nodes {name}}}', {variables: {n: 1}})).data;
heard.undefinedField = (await refused(() => graphql.request('{shop {nam}}'))).name;
const stranger = new Session({id: 'b', shop: SHOP, state: '1', isOnline: false, accessToken: 'wrong'});
heard.unauthorized = await refused(() => Order.all({session: stranger}));

shopify.webhooks.addHandlers({
  ORDERS_CREATE: [{deliveryMethod: DeliveryMethod.Http, callbackUrl: '/hooks', callback: async () => {}}],
});
const registered = async () => (await shopify.webhooks.register({session})).ORDERS_CREATE.map((each) => each.success);
heard.registered = [await registered(), await registered()];

const incoming = (url, headers, method = 'GET') => {
  const rawRequest = Object.assign(new http.IncomingMessage(null), {url, method, headers});
  return {rawRequest, rawResponse: new http.ServerResponse(rawRequest)};
};
const hook = JSON.parse(HOOK);
const checked = (rawBody) => shopify.webhooks.validate({rawBody, ...incoming('/hooks', hook.headers, 'POST')});
const good = await checked(hook.body);
heard.hook = [good.valid, good.topic, good.domain, (await checked(`${hook.body} `)).valid];

const entry = incoming(`/auth?shop=${SHOP}`, {host: 'app.example.com'});
await shopify.auth.begin({shop: SHOP, callbackPath: '/auth/callback', isOnline: true, ...entry});
const cookie = [entry.rawResponse.getHeader('set-cookie')].flat().map((each) => each.split(';')[0]).join('; ');
const consent = await edge(entry.rawResponse.getHeader('location'), {redirect: 'manual'});
const {pathname, search} = new URL(consent.headers.get('location'));
const callback = incoming(pathname + search, {host: 'app.example.com', cookie});
const granted = (await shopify.auth.callback(callback)).session;
heard.granted = [granted.isOnline, granted.shop, granted.onlineAccessInfo.associated_user.email];
heard.used = (await Order.count({session: granted, status: 'any'})).count;
console.log(JSON.stringify(heard));
