package dev.syncnorm.spark.dataset;

import dev.syncnorm.image.BadImageCause;
import java.io.IOException;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.BadConfigurationException;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ColumnPath;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;

/**
 * The images in a part of a Parquet file, row by row.
 *
 * <p>Of a row group the one column is in memory as it is stored, and of its pages one unpacked:
 * rows are made one at a time, never in batches. A row without bytes is rejected as {@code empty}.
 * What can't be read is a rejection of the file, or of the rows of a row group; row groups whose
 * codec is missing are one rejection of the file.
 */
final class ParquetImages implements ImageSource {

  /** A row group's images beyond this are not read into memory. */
  private static final long MOST_BYTES_OF_A_GROUP = 2L << 30;

  private final StoredImages file;
  private final ImageStore store;
  private final Configuration configuration;
  private final Optional<String> wanted;
  private final String host;

  private ParquetFileReader reader; // null before the first image
  private CompressionCodecFactory codecs;
  private ParquetColumn column;
  private MessageType projection;
  private int group = -1;
  private RecordReader<Group> rows;
  private long row;
  private long endOfGroup;
  private CompressionCodecName missing; // or null
  private long missingRows;
  private EncodedImage next;
  private boolean ended;

  /**
   * Reads a part of a file.
   *
   * @param wanted the column's name, or found by the schema
   */
  @SuppressWarnings("OptionalUsedAsFieldOrParameterType")
  ParquetImages(
      StoredImages file,
      ImageStore store,
      Configuration configuration,
      Optional<String> wanted,
      String host) {
    this.file = file;
    this.store = store;
    this.configuration = configuration;
    this.wanted = wanted;
    this.host = host;
  }

  /** The schema of a file. */
  static MessageType schema(ImageStore store, StoredImages file, Configuration configuration)
      throws IOException {
    try (ParquetFileReader reader =
        ParquetFileReader.open(
            store.parquet(file), HadoopReadOptions.builder(configuration).build())) {
      return reader.getFileMetaData().getSchema();
    }
  }

  @Override
  public boolean hasNext() {
    while (next == null && !ended) {
      try {
        advance();
      } catch (ParquetColumn.UnknownColumnException e) {
        fail(file.path(), BadImageCause.UNSUPPORTED, e.getMessage());
        ended = true;
      } catch (IOException | RuntimeException e) {
        failed(e);
      }
    }
    return next != null;
  }

  @Override
  public EncodedImage next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    EncodedImage image = next;
    next = null;
    return image;
  }

  private void advance() throws IOException, ParquetColumn.UnknownColumnException {
    if (file.length() == 0) {
      fail(file.path(), BadImageCause.EMPTY, "the file has no bytes");
      ended = true;
      return;
    }
    if (reader == null) {
      open();
    }
    if (rows == null) {
      nextGroup();
      return;
    }
    if (row == endOfGroup) {
      rows = null;
      return;
    }
    next = image(rows.read());
    row++;
  }

  private void open() throws IOException, ParquetColumn.UnknownColumnException {
    ParquetReadOptions options =
        HadoopReadOptions.builder(configuration).withRange(file.start(), file.end()).build();
    reader = ParquetFileReader.open(store.parquet(file), options);
    codecs = options.getCodecFactory();
    MessageType schema = reader.getFileMetaData().getSchema();
    column = ParquetColumn.find(schema, wanted);
    projection = column.projection(schema);
    reader.setRequestedSchema(projection);
  }

  private void nextGroup() throws IOException {
    group++;
    List<BlockMetaData> groups = reader.getRowGroups();
    if (group == groups.size()) {
      if (missing != null) {
        fail(
            file.path(),
            BadImageCause.UNSUPPORTED,
            "%d of its rows are compressed by %s, which is not read here%s; write them with ZSTD, SNAPPY or GZIP"
                .formatted(missingRows, missing, part()));
      }
      ended = true;
      return;
    }
    BlockMetaData block = groups.get(group);
    if (block.getRowCount() == 0) {
      return; // so pyarrow writes a table without rows, which Parquet's reader refuses
    }
    Optional<CompressionCodecName> codec = missingCodec(block);
    if (codec.isPresent()) {
      missing = codec.get();
      missingRows += block.getRowCount();
      return;
    }
    row = block.getRowIndexOffset();
    endOfGroup = row + block.getRowCount();
    long size = storedBytes(block);
    if (size > MOST_BYTES_OF_A_GROUP) {
      fail(
          "%s#%d".formatted(file.path(), row),
          BadImageCause.TOO_LARGE,
          "its row group of %d rows has %d bytes of images; at most %d are read into memory, write smaller row groups"
              .formatted(block.getRowCount(), size, MOST_BYTES_OF_A_GROUP));
      return;
    }
    PageReadStore pages =
        reader.readRowGroup(group); // the next one would stay the same after a failure
    rows =
        new ColumnIOFactory()
            .getColumnIO(projection)
            .getRecordReader(pages, new GroupRecordConverter(projection));
  }

  /** The codec of a column that is read, if there is none of it on the class path. */
  private Optional<CompressionCodecName> missingCodec(BlockMetaData block) {
    return block.getColumns().stream()
        .filter(chunk -> projection.containsPath(chunk.getPath().toArray()))
        .map(ColumnChunkMetaData::getCodec)
        .filter(codec -> !isThere(codec))
        .findFirst();
  }

  private boolean isThere(CompressionCodecName codec) {
    try {
      codecs.getDecompressor(codec);
      return true;
    } catch (BadConfigurationException e) {
      return false;
    }
  }

  private long storedBytes(BlockMetaData block) {
    ColumnPath path = ColumnPath.get(column.bytes().toArray(String[]::new));
    return block.getColumns().stream()
        .filter(chunk -> chunk.getPath().equals(path))
        .mapToLong(ColumnChunkMetaData::getTotalSize)
        .sum();
  }

  private EncodedImage image(Group record) {
    String path = "%s#%d".formatted(file.path(), row);
    String name = "%s#%d".formatted(file.name(), row);
    String parent = parent(record);
    Group holder = holder(record, column.bytes());
    String last = column.bytes().get(column.bytes().size() - 1);
    if (holder == null || holder.getFieldRepetitionCount(last) == 0) {
      return EncodedImage.rejected(
          path, name, parent, BadImageCause.EMPTY.label(), "the row has no bytes (null)");
    }
    Binary value = holder.getBinary(last, 0);
    String tooLarge = ImageStore.tooLarge(value.length());
    if (tooLarge != null) {
      return EncodedImage.rejected(path, name, parent, BadImageCause.TOO_LARGE.label(), tooLarge);
    }
    byte[] bytes = value.getBytes();
    if (!column.pixels()) {
      return EncodedImage.of(path, name, parent, bytes);
    }
    try {
      return EncodedImage.of(
          path,
          name,
          parent,
          PixelFile.of(
              number(holder, "height"),
              number(holder, "width"),
              number(holder, "nChannels"),
              number(holder, "mode"),
              bytes));
    } catch (PixelFile.BadPixelsException e) {
      BadImageCause cause = e.unsupported() ? BadImageCause.UNSUPPORTED : BadImageCause.CORRUPT;
      return EncodedImage.rejected(path, name, parent, cause.label(), e.getMessage());
    }
  }

  private static int number(Group group, String name) {
    return group.getFieldRepetitionCount(name) == 0 ? -1 : group.getInteger(name, 0);
  }

  /** The folder in which the image was before, or that of the file. */
  private String parent(Group record) {
    if (!column.path().isEmpty()) {
      Group holder = holder(record, column.path());
      String last = column.path().get(column.path().size() - 1);
      if (holder != null && holder.getFieldRepetitionCount(last) > 0) {
        String folder = EncodedImage.folderOf(MemberNames.plain(holder.getString(last, 0)));
        if (!folder.isEmpty()) {
          return folder;
        }
      }
    }
    return EncodedImage.folderOf(file.path());
  }

  /** The structure that directly holds a column, or null if it or one around it is null. */
  private static Group holder(Group record, List<String> path) {
    Group at = record;
    for (String name : path.subList(0, path.size() - 1)) {
      if (at.getFieldRepetitionCount(name) == 0) {
        return null;
      }
      at = at.getGroup(name, 0);
    }
    return at;
  }

  private void failed(Exception e) {
    Throwable io = e;
    while (io.getCause() != null && !(io instanceof IOException)) {
      io = io.getCause();
    }
    if (reader == null) {
      // Parquet tells a wrong file by RuntimeExceptions, the file system a missing one by others.
      boolean unreadable = io instanceof IOException;
      fail(
          file.path(),
          unreadable ? BadImageCause.UNREADABLE : BadImageCause.CORRUPT,
          unreadable
              ? "%s%s (on %s)".formatted(Reasons.of(io), part(), host)
              : "it is no whole Parquet file%s: %s"
                  .formatted(part(), Reasons.of(e).replace(file.path(), "it")));
      ended = true;
      return;
    }
    fail(
        "%s#%d".formatted(file.path(), row),
        BadImageCause.CORRUPT,
        "rows %d to %d can't be read: %s (on %s)"
            .formatted(row, endOfGroup - 1, Reasons.of(e), host));
    rows = null;
  }

  /** Which part of the file this is, if it is not all. */
  private String part() {
    return file.start() == 0 && file.end() >= file.length()
        ? ""
        : " (bytes %d to %d of it)".formatted(file.start(), file.end());
  }

  private void fail(String path, BadImageCause cause, String message) {
    String row = path.substring(file.path().length());
    next =
        EncodedImage.rejected(
            path, file.name() + row, EncodedImage.folderOf(file.path()), cause.label(), message);
  }

  @Override
  public void close() {
    try {
      if (reader != null) {
        reader.close();
      }
    } catch (IOException | RuntimeException e) {
      // It was only read.
    }
  }
}
