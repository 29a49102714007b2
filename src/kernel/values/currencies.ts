/**
 * The currencies of ISO 4217 that money is counted in, with the digits of each. Metals, units of account without minor units and codes for
 * tests have none, and are no currencies here. Most have two digits.
 */
const TWO =
  'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG';
/** Digits → codes, former ones among them. */
const OTHERS: { readonly [digits: number]: string } = {
  0: 'ADP BEF BIF BYB BYR CLP DJF ESP GNF GRD ISK ITL JPY KMF KRW LUF MGF PTE PYG RWF TPE TRL UGX UYI VND VUV XAF XOF XPF',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};

/**
 * The month, or the year, in which ISO 4217 withdrew a code → codes. Up to 2018 as in the Open Contracting Data Standard 1.1.5
 * (https://github.com/open-contracting/standard/blob/1__1__5/schema/codelists/currency.csv), later ones as in ISO's list of historic codes.
 */
const WITHDRAWN: { readonly [month: string]: string } = {
  '1979-12': 'LAJ',
  '1981': 'ESA GWE ILP MZE RHD',
  '1983-06': 'MTP',
  '1984-11': 'MLF',
  '1985-05': 'LSM',
  '1985-07': 'ARP',
  '1986-02': 'GNS PES',
  '1986-03': 'BRB',
  '1986-06': 'GQE',
  '1987-02': 'BOP',
  '1987-05': 'UGS',
  '1989-02': 'BRC',
  '1989-12': 'ALK GNE MVQ UYN ZWC',
  '1990': 'ARY BGJ BGK CSJ ILR ISJ PEH ROK UGW VNC',
  '1990-01': 'YUD',
  '1990-02': 'BUK',
  '1990-03': 'BEC BEL BRN LUC LUL',
  '1990-09': 'DDM',
  '1990-10': 'NIC',
  '1990-12': 'SUR',
  '1991-03': 'AOK',
  '1991-07': 'PEI',
  '1991-09': 'YDD',
  '1992-01': 'ARA',
  '1993-01': 'MXP',
  '1993-03': 'BRE CSK UYP',
  '1993-07': 'LTT',
  '1994-02': 'ZRZ',
  '1994-07': 'BRR',
  '1994-12': 'ESB LVR',
  '1995-01': 'HRD',
  '1995-03': 'ZAL',
  '1995-10': 'GEK',
  '1995-11': 'YUN',
  '1996-09': 'UAK',
  '1997-01': 'PLZ',
  '1997-05': 'GWP',
  '1998-06': 'SDP',
  '1998-07': 'BAD',
  '1999-01': 'XEU',
  '1999-06': 'ZRN',
  '2000-02': 'AON AOR',
  '2000-09': 'ECS ECV',
  '2001-01': 'BYB',
  '2001-04': 'TJR',
  '2002-03': 'ATS BEF DEM ESP FIM FRF GRD IEP ITL LUF NLG PTE',
  '2002-11': 'TPE',
  '2003-01': 'AFA',
  '2003-07': 'ADP YUM',
  '2003-11': 'BGL',
  '2003-12': 'SRG',
  '2004-01': 'RUR',
  '2004-11': 'CHC',
  '2004-12': 'MGF',
  '2005-06': 'ROL',
  '2005-10': 'AYM',
  '2005-12': 'AZM TRL',
  '2006-06': 'MZM',
  '2006-09': 'ZWN',
  '2006-10': 'CSD',
  '2007-01': 'SIT',
  '2007-06': 'GHP',
  '2007-07': 'SDD',
  '2008-01': 'CYP GHC MTL VEB',
  '2008-08': 'ZWD',
  '2009-01': 'SKK TMM',
  '2009-06': 'ZWR',
  '2011-01': 'EEK',
  '2012-12': 'ZMK',
  '2014-01': 'LVL',
  '2014-03': 'USS',
  '2014-12': 'LTL',
  '2017-01': 'BYR',
  '2017-12': 'MRO STD',
  '2018-08': 'VEF',
  '2021-06': 'CUC',
  '2023-01': 'HRK',
  '2023-12': 'SLL',
  '2024-09': 'ZWL',
  '2025-03': 'ANG',
  '2026-01': 'BGN',
};

const former: ReadonlyMap<string, string> = new Map(
  Object.entries(WITHDRAWN).flatMap(([month, codes]) => codes.split(' ').map((code) => [code, month] as const)),
);
const exponents: ReadonlyMap<string, number> = new Map([
  ...TWO.split(' ').map((code) => [code, 2] as const),
  ...[...former.keys()].map((code) => [code, 2] as const),
  ...Object.entries(OTHERS).flatMap(([digits, codes]) => codes.split(' ').map((code) => [code, Number(digits)] as const)),
]);

/** Digits after the point; undefined for what ISO 4217 never listed as a currency. */
export const exponentOf = (currency: string): number | undefined => exponents.get(currency);

/** When a currency was withdrawn, as an uncertain date (`2002-03`); undefined while it is in use. */
export const withdrawnOn = (currency: string): string | undefined => former.get(currency);

/** Digits after the point → the currencies that have so many, former ones among them. */
export const currenciesByDigits: ReadonlyMap<number, readonly string[]> = new Map(
  [...Map.groupBy(exponents.keys(), (code) => exponents.get(code)!)].map(([digits, codes]) => [digits, codes.sort()]),
);
