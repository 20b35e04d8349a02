// The package "soap" of Node.js as its users have it: reads calls from standard input, a line of
// JSON each, and answers each by a line of JSON.
'use strict';

const readline = require('readline');
const soap = require('soap');

const BILLING = 'https://bingads.microsoft.com/Billing/v13';

function qualified(headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, text]) => [`tns:${name}`, text]));
}

async function answer(client, { operation, arguments: given, headers }) {
  client.clearSoapHeaders();
  client.addSoapHeader(qualified(headers), '', 'tns', BILLING);
  try {
    const [result, , responseHeaders] = await client[`${operation}Async`](given);
    return { result, trackingId: responseHeaders.TrackingId };
  } catch (error) {
    if (!error.root) return { broken: String(error) };
    const { Header, Body } = error.root.Envelope;
    return { fault: Body.Fault, trackingId: Header.TrackingId, status: error.response.status };
  }
}

(async () => {
  const client = await soap.createClientAsync(process.argv[2]);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answer(client, JSON.parse(line))));
  }
})();
