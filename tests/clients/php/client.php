<?php
// PHP's SoapClient as its users have it: reads calls from standard input, a line of JSON each,
// and answers each by a line of JSON.
declare(strict_types=1);

const BILLING = 'https://bingads.microsoft.com/Billing/v13';

function header_blocks(array $headers): array
{
    $block = fn (string $name): SoapHeader => new SoapHeader(BILLING, $name, $headers[$name]);
    return array_map($block, array_keys($headers));
}

function answer(SoapClient $client, array $call): array
{
    $blocks = header_blocks($call['headers']);
    $received = [];
    try {
        $result = $client->__soapCall($call['operation'], [$call['arguments']], null, $blocks, $received);
        return ['result' => $result, 'trackingId' => $received['TrackingId']];
    } catch (SoapFault $fault) {
        return [
            'fault' => [
                'faultcode' => $fault->faultcode,
                'faultstring' => $fault->faultstring,
                'detail' => $fault->detail ?? null,
            ],
            'trackingId' => $received['TrackingId'] ?? null,
            'status' => (int) explode(' ', (string) $client->__getLastResponseHeaders())[1],
        ];
    }
}

$client = new SoapClient($argv[1], [
    'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
    'cache_wsdl' => WSDL_CACHE_NONE,
    'trace' => true,
]);
while (($line = fgets(STDIN)) !== false) {
    echo json_encode(answer($client, json_decode($line, true)), JSON_THROW_ON_ERROR), "\n";
}
