'use strict';
// One program of the corpus, measured once: prints a line of JSON.

const { measure } = require('../../index.js');

const programs = [...require('../../__test__/assertions/leaks.js'), ...require('../../__test__/assertions/cleans.js')];
const program = programs.find(({ name }) => name === process.argv[2]);
measure(program.start()).then(({ verdict, reason, retainedBytesPerCall, interval, rounds, callsPerRound, totalMs }) => {
  const round = Math.round;
  console.log(JSON.stringify({ verdict, reason, bytes: round(retainedBytesPerCall), interval: interval.map(round), rounds, callsPerRound, ms: round(totalMs) }));
  process.exit();
});
