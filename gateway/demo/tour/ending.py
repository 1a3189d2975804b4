"""Part 7: address, tokens, and lines to copy."""

from __future__ import annotations

import json

from rich.text import Text

from gateway.demo.city.cases import CASES
from gateway.demo.files import DemoDescription, DemoFiles
from gateway.demo.profiles import PROFILES
from gateway.demo.tour.context import TourContext, small_table
from gateway.demo.tour.questions import LOAN_PAYMENTS
from gateway.operation.operations import sha256_of

_OTHER_PORT = 8481


def shell_lines(description: DemoDescription, files: DemoFiles, program: str) -> tuple[str, ...]:
    """Lines for a shell in the folder where the demonstration was started."""
    code, bank = CASES.penalised_firm.code, PROFILES.bank.name
    look = f'{{ subject(uscc: "{code}") {{ registration {{ name status }} }} }}'
    variables = json.dumps({"uscc": code})
    return (
        f"curl -sS {description.address}/graphql -H 'content-type: application/json' "
        f"-d '{json.dumps({'query': look})}'",
        f"{program} client ask {description.address}/graphql --token {files.tokens}/{bank} "
        f"--key {files.key(bank)} --document-id sha256:{sha256_of(LOAN_PAYMENTS)} "
        f"--variables '{variables}'",
    )


def show_ending(context: TourContext, is_staying: bool) -> None:
    """Say how to go on."""
    context.heading("7. Your turn", "自己试一试")
    files, address = context.files, context.description.address
    if is_staying:
        context.text(
            f"The gateway answers at {address}/graphql, a query page is at {address}/, pages for"
            f" firms at {address}/my 企业页面."
        )
    else:
        context.text(f"While it runs (without --once) the gateway answers at {address}/graphql.")
    context.text(
        f"Address, tokens and codes for scripts: {files.description}. Tokens live for a week; one"
        f" file each in {files.tokens}/ 令牌每种身份一个文件，有效期一周:"
    )
    table = small_table("")
    for heading in ("token file\n令牌文件", "caller\n查询方", ""):
        table.add_column(heading)
    for profile in PROFILES.by_name().values():
        if profile.request is not None:
            cells = (profile.name, profile.title_en, profile.title_zh)
            table.add_row(*(Text(cell) for cell in cells))
    context.console.print(table)
    context.text(
        "Ask without a token, then as the bank, whose token is good with its key only and which"
        " runs the operations of its contract only"
        " 先匿名查询，再以银行身份执行其合同登记的查询（令牌与密钥绑定）:"
    )
    context.to_copy(*shell_lines(context.description, files, context.program))
    context.text("While it runs, on the same databases 运行期间，使用同样的数据库（在另一终端）:")
    context.to_copy(
        f"{context.program} check --config {files.settings}",
        f"CREDIT_GATEWAY_SERVER_PORT={_OTHER_PORT} "
        f"{context.program} serve --config {files.settings}",
        f'CREDIT_GATEWAY_MARKET_URL="$(cat {files.secrets}/market-owner-url)" '
        f"{context.program} load market FILE... --report report.json",
    )
    context.text("`load market` finds this database by itself, too, where the variable is not set.")
