'use strict';

// Numbers as a person reads them: about three digits and a unit, at most nine columns whatever the number is.

/** What stands where there is no value. */
const NONE = '–';

/** From here on a count is shortened: 12.3M. */
const COMPACT_FROM = 1e7;

/** A limit passed a hundredfold is a bug or a limit of nothing: the digits say no more. */
const MAX_PERCENT = 9999;

const BYTE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/**
 * Two or three significant digits without an exponent: 0.042, 0.42, 4.21, 42.1, 421, 4,211.
 *
 * @param {number} value
 * @returns {string}
 */
function digits(value) {
  const size = Math.abs(value);
  if (size >= 99.95) return formatCount(Math.round(value));
  if (size >= 9.995) return value.toFixed(1);
  return value.toFixed(size < 0.0995 ? 3 : 2);
}

/**
 * Binary multiples under their everyday names: 1 KB is 1024 B.
 *
 * @param {number | null | undefined} bytes
 * @returns {string}
 */
function formatBytes(bytes) {
  if (!isNumber(bytes)) return NONE;
  let value = bytes;
  let unit = 0;
  // 1023.5 would be printed as 1024: the next unit reads better.
  while (Math.abs(value) >= 1023.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const text = unit === 0 ? formatCount(Math.round(value)) : Math.abs(value) < 99.95 ? value.toFixed(1) : formatCount(Math.round(value));
  return `${text} ${BYTE_UNITS[unit]}`;
}

/**
 * @param {number | null | undefined} bytesPerSecond
 * @returns {string}
 */
function formatRate(bytesPerSecond) {
  return isNumber(bytesPerSecond) ? `${formatBytes(bytesPerSecond)}/s` : NONE;
}

/**
 * @param {number | null | undefined} ms
 * @returns {string}
 */
function formatMs(ms) {
  if (!isNumber(ms)) return NONE;
  if (ms === 0) return '0 ms';
  const size = Math.abs(ms);
  if (size < 999.5) return `${digits(ms)} ms`;
  const seconds = ms / 1000;
  if (Math.abs(seconds) < 99.95) return `${seconds.toFixed(Math.abs(seconds) < 9.995 ? 2 : 1)} s`;
  const minutes = seconds / 60;
  if (Math.abs(minutes) < 99.95) return `${minutes.toFixed(1)} min`;
  const hours = minutes / 60;
  if (Math.abs(hours) < 99.95) return `${hours.toFixed(1)} h`;
  return `${formatCount(Math.round(hours / 24))} d`;
}

/**
 * @param {number | null | undefined} count
 * @returns {string}
 */
function formatCount(count) {
  if (!isNumber(count)) return NONE;
  if (Math.abs(count) < COMPACT_FROM) return count.toLocaleString('en-US');
  return count.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: 1 });
}

/**
 * @param {number | null | undefined} ratio 1 is 100 %
 * @returns {string}
 */
function formatPercent(ratio) {
  if (!isNumber(ratio)) return NONE;
  if (ratio === 0) return '0 %';
  const percent = ratio * 100;
  if (Math.abs(percent) < 0.01) return percent > 0 ? '<0.01 %' : '>-0.01 %';
  if (percent > MAX_PERCENT) return `>${formatCount(MAX_PERCENT)} %`;
  const decimals = Math.abs(percent) < 0.995 ? 2 : Math.abs(percent) < 99.95 ? 1 : 0;
  return `${decimals === 0 ? formatCount(Math.round(percent)) : percent.toFixed(decimals)} %`;
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
function isNumber(value) {
  return typeof value === 'number' && Number.isFinite(value);
}

module.exports = { NONE, formatBytes, formatRate, formatMs, formatCount, formatPercent, isNumber };
