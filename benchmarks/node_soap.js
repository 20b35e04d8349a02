// A peer: the package "soap" of Node.js as it comes, with our WSDL, answering from memory.
'use strict';

const cluster = require('cluster');
const fs = require('fs');
const http = require('http');
const soap = require('soap');

const memory = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));

const operations = {
  SearchCoupons: (request) => ({
    Coupons: { Coupon: memory.coupons.slice(0, Number(request.PageInfo.Size)) },
  }),
  RedeemCoupon: (request) => {
    if (request.CouponCode === memory.unknownCode) {
      throw { Fault: { ...memory.fault, statusCode: 500 } };
    }
    return { RedemptionDate: memory.redeemedAt };
  },
  GetCouponInfo: () => ({ CouponInfoData: { CouponInfoData: memory.infos } }),
};
const services = {
  CustomerBillingService: { BasicHttpBinding_ICustomerBillingService: operations },
};

if (cluster.isPrimary) {
  for (let number = 0; number < memory.workersCount; number += 1) cluster.fork();
} else {
  const server = http.createServer();
  soap.listen(server, memory.path, services, memory.wsdl, (error) => {
    if (error) throw error;
    server.listen(memory.port, '127.0.0.1');
  });
}
