package dev.syncnorm.data;

import dev.syncnorm.data.DataIndex.Image;
import dev.syncnorm.image.DecodedImage;
import dev.syncnorm.training.SampleException;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;

/**
 * The images that were used last and those that are used next, up to a number. An image that is
 * being decoded counts as one; whoever asks for it meanwhile waits for it, so none is decoded
 * twice. Thread-safe.
 */
final class ImageCache {

  /** Makes an image that the cache doesn't have. */
  interface Loader {
    DecodedImage load(Image image) throws SampleException;
  }

  private final Loader loader;
  private final long most;

  /** By path, least recently used first; guarded by itself, as is {@code next}. */
  private final Map<String, FutureTask<DecodedImage>> images = new LinkedHashMap<>(16, 0.75f, true);

  /** The paths of {@code images} that were asked for ahead and stay until they are used. */
  private final Set<String> next = new HashSet<>();

  /**
   * An empty cache.
   *
   * @param most how many images it keeps
   */
  ImageCache(Loader loader, long most) {
    this.loader = loader;
    this.most = most;
  }

  /** An image, at once or as soon as it is decoded. */
  DecodedImage get(Image image) throws SampleException {
    FutureTask<DecodedImage> task;
    synchronized (images) {
      next.remove(image.path());
      task = images.computeIfAbsent(image.path(), path -> task(image));
      evict();
    }
    task.run(); // nothing, if another thread has begun or finished it
    try {
      return task.get();
    } catch (ExecutionException e) {
      forget(image.path(), task);
      if (e.getCause() instanceof SampleException sample) {
        throw sample;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SampleException(image.path() + ": reading it was interrupted", e);
    }
  }

  /**
   * Decodes images on one background thread, in their order, as far as the cache has room. Takes
   * the place of the call before; what that one has not begun is not begun any more. Of an image
   * that fails nothing is kept: whoever asks for it reads it again and learns why.
   */
  void readAhead(List<Image> wanted) {
    Map<String, FutureTask<DecodedImage>> begun = new LinkedHashMap<>();
    synchronized (images) {
      dropBut(wanted.stream().map(Image::path).collect(Collectors.toSet()));
      for (Image image : wanted) {
        if (next.size() < most && next.add(image.path()) && images.get(image.path()) == null) {
          FutureTask<DecodedImage> task = task(image);
          images.put(image.path(), task);
          begun.put(image.path(), task);
        }
      }
      evict();
    }
    if (!begun.isEmpty()) {
      Thread thread = new Thread(() -> begun.forEach(this::run), "syncnorm-read-ahead");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void run(String path, FutureTask<DecodedImage> task) {
    task.run();
    try {
      task.get();
    } catch (ExecutionException e) {
      forget(path, task);
    } catch (CancellationException e) {
      // Nobody will use it.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What is decoded already stays, as one of those that were used last. */
  private void dropBut(Set<String> wanted) {
    for (Iterator<String> paths = next.iterator(); paths.hasNext(); ) {
      String path = paths.next();
      if (!wanted.contains(path)) {
        paths.remove();
        if (images.get(path).cancel(false)) {
          images.remove(path);
        }
      }
    }
  }

  private FutureTask<DecodedImage> task(Image image) {
    return new FutureTask<>(() -> loader.load(image));
  }

  private void forget(String path, FutureTask<DecodedImage> task) {
    synchronized (images) {
      if (images.remove(path, task)) {
        next.remove(path);
      }
    }
  }

  private void evict() {
    Iterator<String> eldest = images.keySet().iterator();
    while (images.size() > most && eldest.hasNext()) {
      if (!next.contains(eldest.next())) {
        eldest.remove();
      }
    }
  }
}
