package dev.syncnorm.data;

import dev.syncnorm.data.DataIndex.Image;
import dev.syncnorm.image.Rejection;
import java.io.Serializable;

/** What a scan found out about one file. */
public sealed interface Scanned extends Serializable {

  /** The file. */
  String path();

  /** It can be trained on. */
  record Good(Image image) implements Scanned {
    @Override
    public String path() {
      return image.path();
    }
  }

  /** It can't. */
  record Bad(Rejection rejection) implements Scanned {
    @Override
    public String path() {
      return rejection.path();
    }
  }
}
