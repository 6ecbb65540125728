from kmb_core.export.archive import ExportArchive as ExportArchive
from kmb_core.export.formats import export_formats as export_formats
from kmb_core.export.reading import load_exported as load_exported
