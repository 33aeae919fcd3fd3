"""What can go wrong between us and a Socrata portal, one class per remedy.

No request is made here.
"""

from crash_platform.errors import PlatformError


class SocrataError(PlatformError):
    """Base of everything this package raises."""


class SocrataSettingError(SocrataError):
    """A dataset was described wrongly; nothing was asked of the portal."""


class SocrataQueryError(SocrataError):
    """The query cannot be asked, or the portal could not read it."""


class SocrataRefusedError(SocrataError):
    """The portal refused us: the application token is wrong, or one is needed."""


class SocrataUnknownDatasetError(SocrataError):
    """The portal has no such dataset."""


class SocrataAnswerError(SocrataError):
    """The portal answered something that asking again would not mend."""


class SocrataUnavailableError(SocrataError):
    """The portal gave no usable answer, however often it was asked."""


class SocrataIncompleteError(SocrataError):
    """Records are missing from what was received, so none of it may be used."""
