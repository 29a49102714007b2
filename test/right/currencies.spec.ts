import { describe, expect, it } from '@jest/globals';
import { exponentOf, withdrawnOn } from '../../src/kernel/index.js';
import { recordWorld, World } from '../random-history.js';

/** Codes of the Open Contracting Data Standard 1.1.5 (CC BY 4.0, Open Contracting Partnership), 302 in all: those in use in its time. */
const IN_USE =
  'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWL';
/** Month or year until which a code was valid → codes. */
const VALID_UNTIL: { readonly [until: string]: string } = {
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
  '1999-11': 'XRE',
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
  '2006-10': 'CSD XFO',
  '2007-01': 'SIT',
  '2007-06': 'GHP',
  '2007-07': 'SDD',
  '2008-01': 'CYP GHC MTL VEB',
  '2008-08': 'ZWD',
  '2009-01': 'SKK TMM',
  '2009-06': 'ZWR',
  '2011-01': 'EEK',
  '2012-12': 'ZMK',
  '2013-11': 'XFU',
  '2014-01': 'LVL',
  '2014-03': 'USS',
  '2014-12': 'LTL',
  '2017-01': 'BYR',
  '2017-12': 'MRO STD',
  '2018-08': 'VEF',
};
/** Metals, units of account, and codes for tests or for no currency: nobody is paid in them. */
const NO_MONEY = 'XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX XFO XFU XRE';

const former = Object.entries(VALID_UNTIL).flatMap(([until, codes]) => codes.split(' ').map((code) => [code, until] as const));

describe('the currencies that open contracting data is in', () => {
  it('are all known, but for what is no money', () => {
    const unknown = [...IN_USE.split(' '), ...former.map(([code]) => code)].filter((code) => exponentOf(code) === undefined);
    expect(IN_USE.split(' ').length + former.length).toBe(302);
    expect(unknown.filter((code) => !NO_MONEY.split(' ').includes(code))).toEqual([]);
  });

  it('end when ISO 4217 says', () => {
    const otherwise = former.filter(([code, until]) => exponentOf(code) !== undefined && withdrawnOn(code) !== until);
    expect(otherwise).toEqual([]);
  });

  it('are accepted for facts of their time, and refused after it', async () => {
    const world = new World('2026-03-02');
    await recordWorld(world);
    const recorded = { programme: 'met', title: 'Hosting', stage: 'live', role: 'outside', suppliers: [{ supplier: 'csc' }] };
    const tried = async (currency: string, effectiveOn: string): Promise<string> =>
      world.record(`contract-${currency.toLowerCase()}-${effectiveOn}`, 'RecordContract', { ...recorded, value: { amount: '5', currency } }, { effectiveOn }).then(
        ({ outcome }) => outcome,
        ({ code }: { code: string }) => code,
      ); // prettier-ignore
    const money = former.filter(([code]) => exponentOf(code) !== undefined);
    expect(money.length).toBeGreaterThan(100);
    for (const [code, until] of money) {
      const [year] = until.split('-') as [string];
      expect([code, await tried(code, until), await tried(code, String(Number(year) + 1))]).toEqual([
        code,
        'accepted',
        'ledger/former-currency',
      ]);
    }
  });
});
