//! CRC-32C (Castagnoli), eight bytes at a time. It finds every burst of up to 32 wrong bits, and of
//! other damage all but one in four thousand million.

/// The polynomial with its bits reversed, as everything here.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// `TABLES[n][byte]`: what `byte` becomes when `n` zero bytes follow it.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut at = 0;
    while at < 8 * 256 {
        let (table, byte) = (at / 256, at % 256);
        tables[table][byte] = if table == 0 {
            remainder(byte as u32)
        } else {
            let before = tables[table - 1][byte];
            (before >> 8) ^ tables[0][(before & 0xff) as usize]
        };
        at += 1;
    }
    tables
}

const fn remainder(mut crc: u32) -> u32 {
    let mut bit = 0;
    while bit < 8 {
        crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
        bit += 1;
    }
    crc
}

/// The checksum of these bytes, begun with `seed`: the checksum of what is thought before them.
pub(crate) fn crc32c(seed: u32, bytes: &[u8]) -> u32 {
    let mut crc = !seed;
    let (eights, rest) = bytes.as_chunks::<8>();
    for eight in eights {
        let word = u64::from_le_bytes(*eight) ^ u64::from(crc);
        let bytes = word.to_be_bytes();
        crc =
            bytes.iter().zip(&TABLES).fold(0, |crc, (byte, table)| crc ^ table[usize::from(*byte)]);
    }
    for byte in rest {
        crc = (crc >> 8) ^ TABLES[0][usize::from(crc as u8 ^ byte)];
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_checksum_that_others_compute() {
        // The check value of RFC 3720, and its example of 32 zeros.
        assert_eq!(crc32c(0, b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(0, &[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(0, &[0xff; 32]), 0x62a8_ab43);
    }

    #[test]
    fn a_seed_is_the_checksum_of_what_came_before() {
        let text = b"some text that is longer than eight bytes";
        for at in 0..text.len() {
            let (before, after) = text.split_at(at);
            assert_eq!(crc32c(crc32c(0, before), after), crc32c(0, text));
        }
    }
}
