'use strict';

const path = require('node:path');

const { fillIn } = require('../lib/document.js');
const { readResults } = require('../lib/results.js');
const { forecastLines, forecastTable, died } = require('./summary.js');

/** The tables of the forecast from the raw results, printed; with --write also put in their places in docs/leak-verdicts.md. */

const DOCUMENT = path.join(__dirname, '..', '..', 'docs', 'leak-verdicts.md');

/** @type {import('./run').ForecastResult[]} */
const results = readResults(__dirname);
console.log(forecastTable(results));
if (process.argv.includes('--write')) fillIn(DOCUMENT, { 'forecast-shares': forecastLines(results.filter(died)), 'forecast-runs': forecastTable(results).split('\n\n')[0] });
