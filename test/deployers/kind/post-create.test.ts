import { expect, test } from 'vitest';
import { offlineCorefile } from '../../../deployers/kind/post-create.ts';

test('the CoreDNS of an IPv6 cluster serves internal and forwards no queries', () => {
  const corefile = `.:53 {
    errors
    health
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       upstream
       fallthrough in-addr.arpa ip6.arpa
    }
    forward . /etc/resolv.conf
    loop
    reload
}
`;
  expect(offlineCorefile(corefile)).toBe(`.:53 {
    errors
    health
    kubernetes cluster.local internal in-addr.arpa ip6.arpa {
       pods insecure
    }
    reload
}
`);
});

test('keeps the braces of a forward with a block of options balanced', () => {
  const corefile = '.:53 {\n    forward . /etc/resolv.conf {\n       max_concurrent 1000\n    }\n}\n';
  expect(offlineCorefile(corefile)).toBe(corefile);
});
