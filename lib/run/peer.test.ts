import { describe, expect, it } from 'vitest';
import { addressOf, proxyList } from './peer';

describe('the address of a client', () => {
  const proxies = proxyList(['10.0.0.0/8', '::1']);

  it('is the peer, whatever the client says of itself', () => {
    expect(addressOf('203.0.113.9', '198.51.100.1', proxies)).toBe('203.0.113.9');
  });

  it('is the nearest foreign hop behind our own proxies', () => {
    expect(addressOf('10.1.1.1', '198.51.100.1, 203.0.113.7, 10.2.2.2', proxies)).toBe('203.0.113.7');
    expect(addressOf('::1', '198.51.100.1', proxies)).toBe('198.51.100.1');
  });

  it('reads mapped IPv4 addresses and ignores what is no address', () => {
    expect(addressOf('::ffff:10.0.0.3', 'nonsense, 192.0.2.1', proxies)).toBe('192.0.2.1');
    expect(addressOf('10.0.0.3', '"><script>', proxies)).toBe('10.0.0.3');
  });
});
