"""What the credit centre says about itself. The code is invented under an unassigned division."""

from __future__ import annotations

from gateway.contract import Manifest

MANIFEST = Manifest(
    slug="creditcentre",
    department_code="12410199MB0C00001H",
    department_name_zh="郑州市信用中心",
    department_name_en="Zhengzhou Credit Centre (invented code)",
    adapter_version="1.0.0",
    contact="xyzx@example.com",
    entries=(),
)
