"""Rules in the forms that those for all have none of: roles, days, a department's own."""

MORE_RULES = """
[[rule]]
name = "for-a-month"
effect = "permit"
who = ["*"]
purposes = ["*"]
uses = ["*"]
coordinates = ["TaxArrears", "TaxArrears.*", "TaxPayment", "TaxPayment.*"]
when = { from = 2026-09-01, until = 2026-09-30, consent = true }
basis = "样例"
intent = "A permission that ends."

[[rule]]
name = "from-october"
effect = "forbid"
who = ["department", "institution", "platform"]
purposes = ["*"]
uses = ["*"]
coordinates = ["TaxArrears", "TaxpayerCredit.*"]
when = { from = 2026-10-01 }
basis = "样例"
intent = "A prohibition that begins."

[[rule]]
name = "archivists"
effect = "permit"
who = ["department", "credit-centre"]
roles = ["archivist"]
purposes = ["*"]
uses = ["read", "count"]
coordinates = ["TaxArrears", "TaxArrears.*", "AdministrativePenalty", "TaxPayment"]
basis = "样例"
intent = "What archivists see beyond others."

[[rule]]
name = "not-for-handlers"
effect = "mask"
who = ["*"]
roles = ["handler"]
purposes = ["*"]
uses = ["read"]
coordinates = ["TaxArrears.balance", "TaxPayment.paidAmount"]
when = { until = 2026-09-30 }
basis = "样例"
intent = "Amounts in bands for handlers, for some days."

[[rule]]
name = "with-both"
effect = "permit"
who = ["institution", "department"]
purposes = ["*"]
uses = ["read"]
coordinates = ["TaxArrears.*", "TaxPayment", "TaxPayment.*"]
when = { consent = true, grant = true }
basis = "样例"
intent = "What takes a consent and a grant."
"""
OWN_RULES = """
[[rule]]
name = "closed-in-tenders"
effect = "forbid"
who = ["department"]
purposes = ["TENDER", "PROCUREMENT"]
uses = ["*"]
coordinates = ["TaxArrears.taxKind", "TaxpayerCredit"]
basis = "样例"
intent = "A department closes."

[[rule]]
name = "penalties-of-some-kind"
effect = "forbid"
who = ["*"]
purposes = ["*"]
uses = ["read", "count", "aggregate"]
coordinates = ["AdministrativePenalty"]
when = { row = { field = "simpleProcedure", is = true } }
basis = "样例"
intent = "A department closes some records."

[[rule]]
name = "balance-in-bands"
effect = "mask"
who = ["public", "department", "institution", "platform", "credit-centre", "association"]
purposes = ["*"]
uses = ["read"]
coordinates = ["TaxArrears.balance", "TaxPayment.paidAmount"]
classes = ["PUBLIC"]
when = { from = 2026-09-22 }
basis = "样例"
intent = "A department masks."

[[rule]]
name = "arrears-for-all"
effect = "permit"
who = ["credit-centre"]
purposes = ["*"]
uses = ["read", "count"]
coordinates = ["TaxArrears"]
basis = "样例"
intent = "A department opens a kind."

[[rule]]
name = "arrears-items-for-all"
effect = "permit"
who = ["credit-centre", "institution"]
roles = ["reviewer"]
purposes = ["*"]
uses = ["read", "filter"]
coordinates = ["TaxArrears.*"]
subjects = ["@with-code"]
basis = "样例"
intent = "A department opens items."

[[rule]]
name = "grades-with-consent"
effect = "permit"
who = ["institution", "platform"]
purposes = ["*"]
uses = ["read"]
coordinates = ["TaxpayerCredit"]
when = { consent = true }
basis = "样例"
intent = "A department opens a kind to those with consent."
"""
