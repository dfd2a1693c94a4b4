"""Function archives, built in memory."""
import io
import zipfile


def zip_of(files):
    """A zip of {name: text or bytes}. Files named `bootstrap` are executable."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, date_time=(2024, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name.rsplit("/", 1)[-1] == "bootstrap" else 0o644) << 16
            archive.writestr(entry, content if isinstance(content, bytes) else content.encode())
    return buffer.getvalue()


def zip_folder(folder):
    """A zip of all files under `folder`, modes kept."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return buffer.getvalue()
