// A store's day, told through WooCommerce's own npm client, in each way it can show its key. It prints JSON.
const {createRequire} = require('node:module');

const {PACKAGE, CONSUMER_KEY, CONSUMER_SECRET} = process.env;
const Store = createRequire(PACKAGE)('@woocommerce/woocommerce-rest-api').default;
const [plain, secure] = process.argv.slice(2);

const heard = ({status, headers, data}) => ({status, total: headers['x-wp-total'], body: data});
const refused = (asked) => asked.then(heard, (error) => heard(error.response));

let turn = 0;
const told = async (options) => {
  turn += 1;
  const store = new Store({consumerKey: CONSUMER_KEY, consumerSecret: CONSUMER_SECRET, version: 'wc/v3', ...options});
  const list = await store.get('orders', {per_page: 2, status: ['processing', 'completed']});
  const odd = await store.get('orders', {search: 'ü & co', status: 'processing,on-hold'});
  const sku = (await store.get('products', {per_page: 1})).data[0].sku;
  const category = await store.post('products/categories', {name: `Größe ${turn}`});
  const customer = await store.post('customers', {email: `node-${turn}@example.com`});
  const line = {sku, quantity: 1, meta_data: [{key: 'grün', value: 'ja'}]};
  const made = await store.post('orders', {line_items: [line], set_paid: true, customer_id: customer.data.id});
  const path = `orders/${made.data.id}`;
  const changed = await store.put(path, {status: 'completed'});
  const include = [made.data.id, list.data[0].id];
  return {
    list: heard(list),
    odd: heard(odd),
    category: heard(category),
    made: heard(made),
    changed: heard(changed),
    included: heard(await store.get('orders', {include, orderby: 'id'})),
    batch: heard(await store.post('products/batch', {update: [{id: 999999, stock_quantity: 1}]})),
    absent: await refused(store.get('orders/999999')),
    invalid: await refused(store.get('orders', {per_page: 0})),
    deleted: heard(await store.delete(path, {force: true})),
  };
};

(async () => {
  const wrong = {consumerKey: CONSUMER_KEY, consumerSecret: 'cs_wrong', version: 'wc/v3'};
  const story = {
    signed: await told({url: plain}),
    basic: await told({url: secure}),
    query: await told({url: secure, queryStringAuth: true}),
    'wrong secret, signed': await refused(new Store({url: plain, ...wrong}).get('orders')),
    'wrong secret, basic': await refused(new Store({url: secure, ...wrong}).get('orders')),
  };
  console.log(JSON.stringify(story));
})();
