type NonEmpty<T> = readonly [T, ...T[]];

export type Industry = { name: string; weight: number; shape: readonly [number, number]; nouns: NonEmpty<string> };

/** How often each industry is assessed, and where its scores lie (the two parameters of a beta distribution). */
export const industries: NonEmpty<Industry> = [
  { name: 'Financial Services', weight: 17, shape: [3.2, 3.6], nouns: ['Capital', 'Credit', 'Finance', 'Leasing', 'Payments'] },
  { name: 'Manufacturing', weight: 14, shape: [2.4, 4.4], nouns: ['Works', 'Precision', 'Steel', 'Components', 'Machinery'] },
  { name: 'Retail', weight: 13, shape: [2.2, 4.0], nouns: ['Stores', 'Market', 'Retail', 'Outlet', 'Trading'] },
  { name: 'Technology', weight: 12, shape: [2.2, 5.2], nouns: ['Systems', 'Software', 'Data', 'Cloud', 'Robotics'] },
  { name: 'Healthcare', weight: 9, shape: [2.6, 4.6], nouns: ['Clinics', 'Pharma', 'Medical', 'Diagnostics', 'Care'] },
  { name: 'Construction', weight: 8, shape: [3.4, 3.2], nouns: ['Construction', 'Building', 'Civil', 'Contractors', 'Concrete'] },
  { name: 'Logistics', weight: 7, shape: [3.0, 3.8], nouns: ['Logistics', 'Freight', 'Shipping', 'Cargo', 'Transport'] },
  { name: 'Energy', weight: 6, shape: [3.6, 3.2], nouns: ['Energy', 'Power', 'Solar', 'Petroleum', 'Grid'] },
  { name: 'Agriculture', weight: 5, shape: [2.2, 3.4], nouns: ['Farms', 'Grain', 'Orchards', 'Dairy', 'Seeds'] },
  { name: 'Hospitality', weight: 4, shape: [3.4, 3.0], nouns: ['Hotels', 'Resorts', 'Restaurants', 'Catering', 'Travel'] },
  { name: 'Real Estate', weight: 3, shape: [2.8, 3.6], nouns: ['Properties', 'Estates', 'Realty', 'Developments', 'Homes'] },
  { name: 'Cryptocurrency', weight: 2, shape: [5.2, 1.9], nouns: ['Exchange', 'Coin', 'Chain', 'Ledger', 'Wallet'] },
];

export type Country = { code: string; weight: number; forms: NonEmpty<string>; streets: NonEmpty<string>; cities: NonEmpty<string>; numberFirst: boolean; risk: number };

const country = (code: string, weight: number, risk: number, numberFirst: boolean, forms: NonEmpty<string>, streets: NonEmpty<string>, cities: NonEmpty<string>): Country => ({
  code, weight, risk, numberFirst, forms, streets, cities,
});

/** Where the businesses are; `risk` shifts the score. */
export const countries: NonEmpty<Country> = [
  country('US', 30, 0, true, ['Inc.', 'LLC', 'Corp.', 'Group'], ['Main Street', 'Oak Avenue', 'Market Street', 'Lincoln Boulevard', 'Harbor Drive'], ['Austin, TX 78701', 'Chicago, IL 60601', 'Denver, CO 80202', 'Seattle, WA 98101', 'Boston, MA 02108']),
  country('GB', 13, -0.01, true, ['Ltd', 'plc', 'LLP'], ['High Street', 'Station Road', 'Church Lane', 'Victoria Road'], ['London EC2A 4NE', 'Leeds LS1 4DY', 'Bristol BS1 5TR', 'Manchester M2 3AW']),
  country('DE', 12, -0.03, false, ['GmbH', 'AG', 'GmbH & Co. KG'], ['Hauptstraße', 'Bahnhofstraße', 'Gartenweg', 'Industriestraße'], ['10115 Berlin', '20095 Hamburg', '80331 München', '50667 Köln']),
  country('FR', 8, -0.01, true, ['SA', 'SARL', 'SAS'], ['rue de la République', 'avenue Jean Jaurès', 'boulevard Voltaire', 'rue Pasteur'], ['75011 Paris', '69002 Lyon', '31000 Toulouse', '33000 Bordeaux']),
  country('CA', 6, -0.02, true, ['Inc.', 'Ltd.'], ['King Street', 'Queen Street', 'Maple Road'], ['Toronto, ON M5H 2N2', 'Vancouver, BC V6B 1A1', 'Montréal, QC H2Y 1C6']),
  country('NL', 5, -0.03, false, ['B.V.', 'N.V.'], ['Kerkstraat', 'Dorpsweg', 'Molenlaan'], ['1012 AB Amsterdam', '3011 AD Rotterdam', '3511 BT Utrecht']),
  country('IN', 5, 0.05, true, ['Pvt. Ltd.', 'Ltd.'], ['M.G. Road', 'Nehru Marg', 'Link Road'], ['Mumbai 400001', 'Bengaluru 560001', 'Pune 411001']),
  country('BR', 4, 0.08, false, ['Ltda.', 'S.A.'], ['Rua das Flores', 'Avenida Paulista', 'Rua do Comércio'], ['São Paulo 01310-100', 'Rio de Janeiro 20040-002', 'Curitiba 80010-000']),
  country('ES', 3, 0.01, false, ['S.L.', 'S.A.'], ['Calle Mayor', 'Avenida de la Constitución', 'Calle Real'], ['28013 Madrid', '08002 Barcelona', '46002 Valencia']),
  country('IT', 3, 0.02, false, ['S.p.A.', 'S.r.l.'], ['Via Roma', 'Corso Garibaldi', 'Via Verdi'], ['20121 Milano', '10121 Torino', '40121 Bologna']),
  country('JP', 3, -0.03, true, ['K.K.', 'G.K.'], ['Chuo', 'Marunouchi', 'Honmachi'], ['Tokyo 100-0005', 'Osaka 541-0053', 'Nagoya 460-0008']),
  country('MX', 2, 0.08, false, ['S.A. de C.V.', 'S. de R.L.'], ['Avenida Juárez', 'Calle Hidalgo', 'Paseo de la Reforma'], ['06600 Ciudad de México', '44100 Guadalajara', '64000 Monterrey']),
  country('PL', 2, 0.02, false, ['Sp. z o.o.', 'S.A.'], ['ul. Kościuszki', 'ul. Długa', 'ul. Polna'], ['00-001 Warszawa', '30-001 Kraków', '50-001 Wrocław']),
  country('SE', 1.5, -0.04, false, ['AB'], ['Storgatan', 'Kungsgatan', 'Järnvägsgatan'], ['111 22 Stockholm', '411 05 Göteborg', '211 20 Malmö']),
  country('ZA', 1, 0.09, true, ['(Pty) Ltd'], ['Long Street', 'Nelson Mandela Avenue', 'Church Street'], ['Cape Town 8001', 'Johannesburg 2001', 'Durban 4001']),
  country('NG', 1, 0.14, true, ['Ltd', 'Plc'], ['Broad Street', 'Awolowo Road', 'Marina Road'], ['Lagos 101241', 'Abuja 900211']),
  country('VG', 0.5, 0.24, true, ['Holdings Ltd', 'International Ltd'], ['Wickhams Cay', 'Main Street'], ['Road Town VG1110']),
];

export const nameParts: NonEmpty<string> = [
  'Alder', 'Anchor', 'Arden', 'Atlas', 'Aurora', 'Beacon', 'Birch', 'Blackwood', 'Bluewater', 'Bramble', 'Brightwell', 'Cedar', 'Cobalt', 'Copper',
  'Crestview', 'Delphi', 'Driftwood', 'Eastgate', 'Elm', 'Ember', 'Evergreen', 'Fairbridge', 'Falcon', 'Fjord', 'Foxglove', 'Granite', 'Greenfield',
  'Harbour', 'Hawthorn', 'Heron', 'Highland', 'Ironwood', 'Ivory', 'Juniper', 'Keystone', 'Kingfisher', 'Lakeside', 'Lantern', 'Larkspur', 'Linden',
  'Lodestar', 'Magnolia', 'Meridian', 'Millbrook', 'Monarch', 'Nordwind', 'Northgate', 'Oakridge', 'Onyx', 'Orchard', 'Orion', 'Osprey', 'Pacific',
  'Pinnacle', 'Quarry', 'Quill', 'Redwood', 'Ridgeline', 'Riverside', 'Rowan', 'Sable', 'Saffron', 'Sequoia', 'Silverline', 'Solstice', 'Sterling',
  'Stonebridge', 'Summit', 'Tamarind', 'Thornhill', 'Tideway', 'Trident', 'Umber', 'Valley', 'Vanguard', 'Vertex', 'Walnut', 'Westbrook', 'Willow', 'Zenith',
];

export type Factor = { category: string; name: string; says: NonEmpty<string> };

export const factors: NonEmpty<Factor> = [
  { category: 'financial', name: 'Liquidity', says: ['Current ratio against the median of the industry', 'Cash covers fewer than 60 days of cost'] },
  { category: 'financial', name: 'Leverage', says: ['Debt to equity over the last four quarters', 'A covenant is due for renewal within a year'] },
  { category: 'financial', name: 'Payment history', says: ['Days beyond terms reported by suppliers', 'No late payment in 24 months'] },
  { category: 'financial', name: 'Revenue concentration', says: ['Share of the three largest customers', 'One customer makes up a third of revenue'] },
  { category: 'operational', name: 'Supply chain', says: ['Single-sourced inputs and their lead times', 'Second source agreed for the main inputs'] },
  { category: 'operational', name: 'Key personnel', says: ['Dependence on founders and their succession', 'Turnover among management above the industry'] },
  { category: 'operational', name: 'Business continuity', says: ['Age of the last recovery exercise', 'Recovery plan without a tested restore'] },
  { category: 'compliance', name: 'Sanctions exposure', says: ['Counterparties in screened territories', 'Two possible matches under review'] },
  { category: 'compliance', name: 'Anti-money-laundering', says: ['Controls against the regulator’s checklist', 'Beneficial owners verified'] },
  { category: 'compliance', name: 'Licences', says: ['Licences and their expiry', 'One permit expires within 90 days'] },
  { category: 'market', name: 'Competition', says: ['Market share and its trend', 'Two new entrants in the home market'] },
  { category: 'market', name: 'Demand volatility', says: ['Spread of monthly orders', 'Seasonal demand with a long low season'] },
  { category: 'market', name: 'Currency', says: ['Unhedged share of foreign revenue', 'Costs and revenue in the same currency'] },
  { category: 'cyber', name: 'Security posture', says: ['Findings of the external scan', 'Multi-factor sign-in for all staff'] },
  { category: 'cyber', name: 'Data protection', says: ['Personal data held and how it is kept', 'One reported breach in three years'] },
  { category: 'geopolitical', name: 'Country risk', says: ['Country rating and its outlook', 'Contract enforcement takes years'] },
  { category: 'reputation', name: 'Adverse media', says: ['Coverage over the last twelve months', 'Pending litigation reported by the press'] },
];

export const checkTypes: NonEmpty<string> = ['KYC', 'AML screening', 'Sanctions list', 'Beneficial ownership', 'GDPR', 'PCI DSS', 'SOX', 'ISO 27001', 'Tax status', 'Insurance cover'];

export const models: NonEmpty<{ name: string; weight: number }> = [
  { name: 'gradient-boost-v3', weight: 6 },
  { name: 'gradient-boost-v2', weight: 3 },
  { name: 'logit-baseline', weight: 2 },
  { name: 'random-forest-v1', weight: 1 },
];

export const people: NonEmpty<{ name: string; role: 'viewer' | 'analyst' | 'dba' | 'admin'; weight: number }> = [
  { name: 'Amara Okafor', role: 'analyst', weight: 18 },
  { name: 'Jonas Lindqvist', role: 'analyst', weight: 14 },
  { name: 'Mei Tanaka', role: 'analyst', weight: 12 },
  { name: 'Lucía Fernández', role: 'analyst', weight: 11 },
  { name: 'Tom Whitaker', role: 'analyst', weight: 9 },
  { name: 'Priya Raman', role: 'analyst', weight: 8 },
  { name: 'Hannah Vogel', role: 'analyst', weight: 6 },
  { name: 'Émile Laurent', role: 'viewer', weight: 1 },
  { name: 'Grace Mbeki', role: 'viewer', weight: 1 },
];
