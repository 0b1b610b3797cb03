'use strict';

const express = require('express');

const { ordersOf } = require('./orders.js');

function createApp() {
  const app = express();
  app.get('/orders/:customer', (req, res) => {
    res.json({ customer: req.params.customer, orders: ordersOf(req.params.customer) });
  });
  return app;
}

module.exports = { createApp };
