-- What does non-repudiation cost? The difference between two rows of costs.csv; the other considerations stand beside it.
SELECT
    protocol,
    priced.profile,
    priced.bytes - bare.bytes AS bytes,
    priced.signs - bare.signs AS signs,
    priced.verifies - bare.verifies AS verifies,
    priced.seals - bare.seals AS seals,
    priced.digests - bare.digests AS digests,
    priced.server_bytes - bare.server_bytes AS kept_bytes,
    priced.delays_to_delivery - bare.delays_to_delivery AS delays
FROM read_csv('results/prices*/costs.csv') AS priced
JOIN read_csv('results/prices*/costs.csv') AS bare USING (protocol, step)
WHERE step = 'total' AND bare.profile = 'none' AND priced.profile NOT IN ('none', 'scenario')
ORDER BY protocol, priced.profile;
