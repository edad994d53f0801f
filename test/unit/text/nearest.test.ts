import { describe, expect, test } from 'vitest';
import { nearest } from '../../../src/core/text/nearest.ts';

const WORDS = [
  'healthy',
  'tcp-refused',
  'tcp-timeout',
  'tls-untrusted',
  'url-too-long',
  'ra-certificate-expired',
  'ca-certificate-expired',
];

describe('the nearest words', () => {
  test.each([
    ['healthy', ['healthy']],
    ['helthy', ['healthy']],
    ['HEALTHY', ['healthy']],
    ['tcp-refusd', ['tcp-refused']],
    ['tcp-', ['tcp-refused', 'tcp-timeout']],
    ['certificate-expired', ['ra-certificate-expired', 'ca-certificate-expired']],
    ['zzzzzzzz', []],
    ['', []],
  ])('to %j are %j', (word, expected) => {
    expect(nearest(word, WORDS)).toEqual(expected);
  });

  test('are three at most, or as many as asked for', () => {
    const alike = ['aaa1', 'aaa2', 'aaa3', 'aaa4'];
    expect(nearest('aaa', alike)).toEqual(['aaa1', 'aaa2', 'aaa3']);
    expect(nearest('aaa', alike, 1)).toEqual(['aaa1']);
  });
});
