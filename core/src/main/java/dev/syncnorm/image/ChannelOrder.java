package dev.syncnorm.image;

/** The order of the channels of planar values. */
public enum ChannelOrder {
  /** Red, green, blue. */
  RGB,
  /** Blue, green, red, as OpenCV has them. */
  BGR
}
